/** A mill race behind the first heading: three waves at different speeds. */
export function Race() {
  return (
    <div aria-hidden="true" className="race">
      {[0, 1, 2].map((wave) => (
        <svg key={wave} aria-hidden="true" viewBox="0 0 2400 120" preserveAspectRatio="none">
          <path d={waveOf(wave)} />
        </svg>
      ))}
    </div>
  );
}

/** Two identical halves, so that moving by one of them loops seamlessly. */
function waveOf(wave: number): string {
  const length = 1_200 / (wave + 2);
  const height = 26 - wave * 5;
  const middle = 44 + wave * 18;
  const arcs = Array.from({ length: 2 * (wave + 2) }, () => {
    const quarter = length / 4;
    return `q${quarter} ${-height} ${2 * quarter} 0 t${2 * quarter} 0`;
  });
  return `M0 ${middle} ${arcs.join(" ")} V120 H0 Z`;
}
