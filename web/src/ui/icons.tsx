/** The house's own icons: the mark and the rooms of the navigation. */

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 36 36" role="img" aria-label="Chimera">
      <path d="M18 3.2V32C6 26 3 17 4 5c4.6-1.5 9-2 14-1.8Z" fill="var(--limelight)" />
      <g fill="none" strokeWidth="1.7" strokeLinecap="round">
        <path d="M4 5c9-3 19-3 28 0 1 12-2 21-14 27C6 26 3 17 4 5Z" stroke="var(--ink)" />
        <path d="M9 14c2-2 4-2 6 0M10 21c2.5 3.6 5 4.8 8 4.8" stroke="var(--limelight-ink)" />
        <path d="M21 14h6M18 25.8c3-.8 5-2 7-4.3" stroke="var(--ink)" />
      </g>
    </svg>
  )
}

const ROOMS = {
  live: 'M3 20h18M12 3v4M12 7 6 20M12 7l6 13',
  library: 'M5 4h14v16H5zM9 4v16M12 9h4M12 13h4',
  start: 'M12 5v14M5 12h14',
  casting:
    'M4 5c5-1.5 11-1.5 16 0 .5 7-2 12-8 15C6 17 3.500 12 4 5ZM8 11c1-1 2-1 3 0M13 11c1-1 2-1 3 0M9 15c2 1.500 4 1.500 6 0',
  admin: 'M7.500 11a4 4 0 1 0 0 8 4 4 0 1 0 0-8M10.500 12 19 4M15 8l3 3',
  settings:
    'M4 7h10M18 7h2M4 17h2M10 17h10M18 7a2 2 0 1 0-4 0 2 2 0 1 0 4 0M10 17a2 2 0 1 0-4 0 2 2 0 1 0 4 0',
} as const

export type Room = keyof typeof ROOMS

export function RoomIcon({ room }: { readonly room: Room }) {
  return (
    <svg className="room-icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={ROOMS[room]} />
    </svg>
  )
}
