/** The frame of every page: the rooms at the side (below, on a phone), banners, the screen. */
import { Link, Outlet } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { en } from '#messages/en.ts'
import { Logo, type Room, RoomIcon } from '#ui/icons.tsx'
import { keepKeys } from './earlyKeys.ts'
import { OfflineBanner } from './OfflineBanner.tsx'
import './Shell.css'

// Nobody presses a key before the first words are there.
keepKeys()
const Commands = lazy(() => import('./Commands.tsx'))

interface Door {
  readonly to: '/' | '/library' | '/new' | '/casting' | '/admin' | '/settings'
  readonly room: Room
  readonly exact?: true
}

const DOORS: readonly Door[] = [
  { to: '/', room: 'live', exact: true },
  { to: '/library', room: 'library' },
  { to: '/new', room: 'start' },
  { to: '/casting', room: 'casting' },
  { to: '/admin', room: 'admin' },
  { to: '/settings', room: 'settings' },
]

export function Shell() {
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        {en.shell.skip}
      </a>
      <nav className="rail" aria-label={en.shell.rooms}>
        <Link to="/" className="rail-logo" tabIndex={-1}>
          <Logo />
        </Link>
        {DOORS.map(({ to, room, exact = false }) => (
          <Link key={to} to={to} className={`rail-door rail-${room}`} activeOptions={{ exact }}>
            <RoomIcon room={room} />
            <span>{en.shell.doors[room]}</span>
          </Link>
        ))}
      </nav>
      <div className="shell-main">
        <OfflineBanner />
        <Outlet />
      </div>
      <Suspense>
        <Commands />
      </Suspense>
    </div>
  )
}
