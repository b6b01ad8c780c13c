/** Asks a resource anew as the talk goes on, but never for every line of a quick one. */
import { type QueryKey, type UseQueryOptions, type UseQueryResult, useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'

const AT_MOST_EVERY_MS = 4_000

/** The answer to a query, asked for again some time after `stamp` has changed. */
export function useFresh<Data, Key extends QueryKey>(
  options: UseQueryOptions<Data, Error, Data, Key>,
  stamp: number,
): UseQueryResult<Data> {
  const result = useQuery(options)
  const { refetch } = result
  const asked = useRef({ stamp, at: Date.now() })
  useEffect(() => {
    if (asked.current.stamp === stamp) return
    const wait = Math.max(0, asked.current.at + AT_MOST_EVERY_MS - Date.now())
    const timer = setTimeout(() => {
      asked.current = { stamp, at: Date.now() }
      void refetch({ cancelRefetch: false })
    }, wait)
    return () => clearTimeout(timer)
  }, [stamp, refetch])
  return result
}
