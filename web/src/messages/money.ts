/** Amounts of US dollars as people read them. */

const cents = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' })
const small = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumSignificantDigits: 2,
})
const SMALLEST = 0.0001

/** `$12.40`, `$0.0042`, `< $0.0001`; never a nought for what cost something. */
export function sayMoney(amount: number): string {
  if (amount > 0 && amount < SMALLEST) return `< ${small.format(SMALLEST)}`
  return amount > 0 && amount < 0.1 ? small.format(amount) : cents.format(amount)
}

/** `≈ $12.40` where a part of it nobody reported; what is as good as nothing is about that anyway. */
export function sayCost(amount: number, estimated: boolean): string {
  return estimated && (amount === 0 || amount >= SMALLEST) ? `≈ ${sayMoney(amount)}` : sayMoney(amount)
}
