/** A few views of one thing, of which one is open: arrow keys go from tab to tab. */
import { Tabs as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import './Tabs.css'

export interface TabsProps<Id extends string> {
  readonly label: string
  readonly value: Id
  readonly tabs: readonly { readonly id: Id; readonly label: string; readonly content: ReactNode }[]
  readonly onChange: (value: Id) => void
}

export function Tabs<Id extends string>({ label, value, tabs, onChange }: TabsProps<Id>) {
  return (
    <Radix.Root className="tabs" value={value} onValueChange={(next) => onChange(next as Id)}>
      <Radix.List className="tabs-list" aria-label={label}>
        {tabs.map((tab) => (
          <Radix.Trigger key={tab.id} value={tab.id} className="tabs-tab">
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.id} value={tab.id} className="tabs-content" tabIndex={-1}>
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  )
}
