/** Settings: the look, the playback, the keyboard, and where the words come from. */
import { DEFAULTS, prefer, preferences, usePreferences } from '#lib/preferences.ts'
import { en } from '#messages/en.ts'
import { settings } from '#messages/house.ts'
import { Button } from '#ui/Button.tsx'
import { TextField } from '#ui/Field.tsx'
import { Page } from '#ui/Page.tsx'
import { Segmented } from '#ui/Segmented.tsx'
import { Slider } from '#ui/Slider.tsx'
import { Switch } from '#ui/Switch.tsx'
import { notify } from '#ui/toast.ts'
import { Providers } from '../components/Providers.tsx'
import './SettingsView.css'

const THEMES = ['system', 'dark', 'light'] as const
const MOTIONS = ['system', 'less', 'full'] as const
const ANNOUNCES = ['off', 'names', 'full'] as const

/** Everything as the house has it, with a way back. */
function reset(): void {
  const before = preferences()
  prefer(DEFAULTS)
  void notify({ text: settings.resetDone, action: { label: settings.undo, run: () => prefer(before) } })
}

export function SettingsView() {
  const own = usePreferences()
  return (
    <Page title={settings.title} caption={settings.saved} className="settings">
      <section className="settings-section" aria-labelledby="settings-look">
        <h2 id="settings-look">{settings.look}</h2>
        <Segmented
          label={settings.theme}
          value={own.theme}
          options={THEMES.map((value) => ({ value, label: settings.themes[value] }))}
          onChange={(theme) => prefer({ theme })}
        />
        <div className="settings-size">
          <Slider
            label={settings.textSize}
            value={own.textSize}
            min={85}
            max={140}
            step={5}
            text={`${own.textSize} %`}
            onChange={(textSize) => prefer({ textSize })}
          />
          <p className="t-speech" aria-hidden="true">
            {settings.sample}
          </p>
        </div>
        <Segmented
          label={settings.motion}
          value={own.motion}
          options={MOTIONS.map((value) => ({ value, label: settings.motions[value] }))}
          onChange={(motion) => prefer({ motion })}
        />
      </section>
      <section className="settings-section" aria-labelledby="settings-playback">
        <h2 id="settings-playback">{settings.playback}</h2>
        <Switch
          label={settings.whole}
          hint={settings.wholeHint}
          checked={own.wholeMessages}
          onChange={(wholeMessages) => prefer({ wholeMessages })}
        />
        <Segmented
          label={settings.announce}
          value={own.announce}
          options={ANNOUNCES.map((value) => ({ value, label: settings.announces[value] }))}
          onChange={(announce) => prefer({ announce })}
        />
        <TextField
          label={settings.name}
          hint={settings.nameHint}
          autoComplete="nickname"
          maxLength={40}
          value={own.viewerName}
          onChange={(event) => prefer({ viewerName: event.target.value })}
        />
      </section>
      <section className="settings-section" aria-labelledby="settings-keys">
        <h2 id="settings-keys">{settings.keys}</h2>
        <Switch
          label={en.settings.shortcuts}
          hint={en.settings.shortcutsHint}
          checked={own.shortcuts}
          onChange={(shortcuts) => prefer({ shortcuts })}
        />
      </section>
      <Providers />
      <Button variant="plain" className="settings-reset" onClick={reset}>
        {settings.reset}
      </Button>
    </Page>
  )
}
