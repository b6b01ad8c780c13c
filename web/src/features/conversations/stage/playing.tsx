/** Gives the parts of the stage the conversation that is playing on it. */
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import type { Persona } from '#lib/api/types.ts'
import type { Boot } from '#lib/boot.ts'
import { ServerClock, Ticker } from '#live/clock.ts'
import type { Connection } from '#live/connection.ts'
import type { View } from '#live/conversationStore.ts'
import { LiveConversation } from '#live/liveConversation.ts'
import type { Source } from '#live/log.ts'
import type { Condition } from '#live/parts.ts'
import { LiveSocket } from '#live/socket.ts'
import { BROWSER, PAGE_FRAMES, PAGE_TICKS } from '#live/surroundings.ts'
import { GrowingTexts } from '#markdown/growing.ts'
import { LazyLexer } from '#markdown/lazyLexer.ts'
import { LexedTexts } from '#markdown/lexed.ts'
import type { Lexer } from '#markdown/tree.ts'
import { source } from './source.ts'

export interface Playing {
  readonly live: LiveConversation
  readonly socket: LiveSocket
  readonly clock: ServerClock
  readonly ticker: Ticker
  readonly lexer: LazyLexer
  readonly growing: GrowingTexts
  readonly lexed: LexedTexts
}

const PlayingContext = createContext<Playing | null>(null)
const PersonasContext = createContext<readonly Persona[]>([])

function begin(id: string, boot: Boot | null, from: Source): Playing {
  const clock = new ServerClock(Date.now)
  const socket = new LiveSocket(BROWSER)
  const conversation = boot?.conversation
  const live = new LiveConversation({
    id,
    source: from,
    socket,
    clock,
    timers: BROWSER,
    frames: PAGE_FRAMES,
    boot: conversation?.id === id ? { conversation, messages: boot?.messages ?? [] } : null,
  })
  const lexer = new LazyLexer(() => import('#markdown/blocks.ts'))
  return {
    live,
    socket,
    clock,
    ticker: new Ticker(PAGE_TICKS),
    lexer,
    growing: new GrowingTexts(lexer),
    lexed: new LexedTexts(lexer),
  }
}

export interface PlayingProviderProps {
  readonly conversationId: string
  readonly boot: Boot | null
  readonly personas: readonly Persona[]
  readonly children: ReactNode
}

/** Opens the conversation and follows it as long as it is on the page. Give it the id as key. */
export function PlayingProvider({ conversationId, boot, personas, children }: PlayingProviderProps) {
  const [playing] = useState(() => begin(conversationId, boot, source))
  useEffect(() => {
    void playing.live.open()
    return () => playing.live.close()
  }, [playing])
  return (
    <PlayingContext value={playing}>
      <PersonasContext value={personas}>{children}</PersonasContext>
    </PlayingContext>
  )
}

export function usePlaying(): Playing {
  const playing = useContext(PlayingContext)
  if (!playing) throw new Error('Nothing is playing here: a part of the stage stands outside its provider.')
  return playing
}

export function usePersonas(): readonly Persona[] {
  return useContext(PersonasContext)
}

export function useView(): View {
  const { store } = usePlaying().live
  return useSyncExternalStore(store.subscribe, store.view)
}

export function useCondition(): Condition {
  const { live } = usePlaying()
  return useSyncExternalStore(live.subscribe, live.condition)
}

/** The lexer, asked for by whatever is drawn without it. */
export function useLexer(): Lexer | null {
  const { lexer } = usePlaying()
  const current = useSyncExternalStore(lexer.subscribe, lexer.current)
  useEffect(() => {
    if (!current) void lexer.want()
  }, [lexer, current])
  return current
}

export function useConnection(): Connection {
  const { socket } = usePlaying()
  return useSyncExternalStore(socket.subscribe, socket.connection)
}

/** The server's time in whole seconds, as milliseconds; stands still while the page is hidden. */
export function useNow(): number {
  const { ticker, clock } = usePlaying()
  return useSyncExternalStore(ticker.subscribe, () => Math.floor(clock.now() / 1000) * 1000)
}
