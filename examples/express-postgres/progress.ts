/** Shows a share that grows from 0 to 1: on one line in a terminal, else on a line for each tenth. */
export function progressLine(what: string, out: NodeJS.WriteStream = process.stdout): (share: number) => void {
  let shown = -1
  return (share) => {
    const percent = Math.floor(share * 100)
    const step = out.isTTY ? percent : Math.floor(percent / 10) * 10
    if (step === shown) return
    shown = step
    const line = `${what}: ${step}%`
    out.write(out.isTTY ? `\r${line}${share < 1 ? '' : '\n'}` : `${line}\n`)
  }
}
