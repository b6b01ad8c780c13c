/** A conversation opened in a world and a house that the test holds in its hands. */
import { ServerClock } from '#live/clock.ts'
import { LiveConversation } from '#live/liveConversation.ts'
import type { Boot } from '#live/parts.ts'
import { LiveSocket } from '#live/socket.ts'
import { FakeHouse, hello, posted, snapshot } from './fakeHouse.ts'
import { FakeWorld } from './fakeWorld.ts'

export class Theatre {
  readonly world = new FakeWorld()
  readonly house = new FakeHouse()
  live = this.stage()

  /** A new opening of the conversation, as a page would make it. */
  stage(boot: Boot | null = null): LiveConversation {
    this.live = new LiveConversation({
      id: 'c',
      source: this.house,
      socket: new LiveSocket(this.world),
      clock: new ServerClock(() => 0),
      timers: this.world,
      frames: {
        now: () => 0,
        frame: (run) => run(),
        later: (run) => run(),
        afterCommit: (run) => run(),
      },
      boot,
    })
    return this.live
  }

  /** Opens it with `head` messages said and the line healthy. */
  async playing(head: number): Promise<void> {
    this.house.log = Array.from({ length: head }, (_, n) => posted(n + 1))
    await this.live.open()
    this.world.wire.onopen?.()
    this.world.wire.say(hello(), snapshot(head))
  }

  texts(): string[] {
    return this.live.store.session.state.rows.map((row) => (row.kind === 'line' ? row.text : row.what.type))
  }
}

/** Lets every answer that is on its way arrive. */
export function settle(): Promise<void> {
  return new Promise((done) => setImmediate(done))
}
