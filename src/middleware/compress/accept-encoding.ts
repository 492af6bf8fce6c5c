/** Content codings we can make. */
export type Coding = 'gzip' | 'br' | 'zstd';

interface Preference {
  readonly coding: string;
  readonly weight: number;
}

/**
 * Chooses a coding for a client (RFC 9110 §12.5.3): the one it weighs most, between equals the one that `offered` names first.
 *
 * @param header `Accept-Encoding`; undefined when there is none.
 * @param preset what a client gets that says nothing, or `*`; undefined: nothing for the first, the first one offered for the other.
 * @returns undefined when the reply should stay as it is.
 */
export function chooseCoding(
  header: string | undefined,
  offered: readonly Coding[],
  preset: Coding | undefined,
): Coding | undefined {
  if (header === undefined) return preset;
  const preferences = header.split(',').map(readPreference);
  const weightOf = (coding: string): number | undefined => preferences.find((one) => one.coding === coding)?.weight;
  const others = weightOf('*') ?? 0;
  const identity = weightOf('identity') ?? 0;
  let best: Coding | undefined;
  let bestWeight = 0;
  for (const coding of offered) {
    const weight = weightOf(coding) ?? others;
    const favoured = best !== undefined && weight === bestWeight && weightOf(coding) === undefined && coding === preset;
    if (weight > bestWeight || favoured) {
      best = coding;
      bestWeight = weight;
    }
  }
  return bestWeight > 0 && bestWeight >= identity ? best : undefined;
}

function readPreference(text: string): Preference {
  const [coding = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const weight = quality === undefined ? 1 : Number(quality);
  return { coding, weight: weight >= 0 && weight <= 1 ? weight : 0 };
}
