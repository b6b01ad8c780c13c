/** The help sheet: every key that does something here. */
import { spell } from '#actions/keys.ts'
import { type Action, useAllActions } from '#actions/registry.ts'
import { isMac } from '#lib/platform.ts'
import { prefer, usePreferences } from '#lib/preferences.ts'
import { en } from '#messages/en.ts'
import { Sheet } from '#ui/Dialog.tsx'
import { Switch } from '#ui/Switch.tsx'
import './Help.css'

const GROUPS: readonly Action['group'][] = ['conversation', 'view', 'go']

export default function Help({ onOpenChange }: { readonly onOpenChange: (open: boolean) => void }) {
  const actions = useAllActions().filter(({ keys, when }) => (keys?.length ?? 0) > 0 && (when?.() ?? true))
  const shortcuts = usePreferences((state) => state.shortcuts)
  return (
    <Sheet open onOpenChange={onOpenChange} title={en.help.title} description={en.help.about}>
      {GROUPS.map((group) => {
        const own = actions.filter((action) => action.group === group)
        if (own.length === 0) return null
        return (
          <section key={group} className="help-group">
            <h3 className="t-caption">{en.help.groups[group]}</h3>
            <dl>
              {own.map(({ id, label, keys }) => (
                <div key={id} className="help-row">
                  <dt>{label}</dt>
                  <dd>
                    {keys?.map((key) => (
                      <kbd key={key} className="t-time">
                        {spell(key, isMac())}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )
      })}
      <Switch
        label={en.settings.shortcuts}
        hint={en.settings.shortcutsHint}
        checked={shortcuts}
        onChange={(on) => prefer({ shortcuts: on })}
      />
    </Sheet>
  )
}
