/** The words of a field: how much room is left in it. */

export const left = (n: number) => (n <= 0 ? 'Nothing more fits' : `${n} left`)
