// The short code of a reader's predictions, as labkit/codes.py reads it: two signs for lab and variant, three for each
// prediction, one check sign. It says nothing of what is right.

const CODE_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LOWEST = -12;
const CODE_HIGHEST = 23;
const CODE_NUMBERS = 900 * (CODE_HIGHEST - CODE_LOWEST + 1);

// A prediction is a number, `{choice: index}`, or null where a lock was skipped; a code carries numbers above zero alone.
function packPrediction(said) {
  if (said === null || said === undefined) return 0;
  if (typeof said === "object") return 1 + CODE_NUMBERS + said.choice;
  if (!(said > 0)) return 0;
  const [digits, tens] = said.toExponential(2).split("e");
  let exponent = Number(tens);
  let mantissa = Math.round(Number(digits) * 100);
  if (exponent < CODE_LOWEST) [mantissa, exponent] = [100, CODE_LOWEST];
  if (exponent > CODE_HIGHEST) [mantissa, exponent] = [999, CODE_HIGHEST];
  return 1 + 900 * (exponent - CODE_LOWEST) + mantissa - 100;
}

// For example predictionCode(1, 2, 0, [3.2]): volume, number of the lab, number of the variant, predictions so far.
function predictionCode(volume, lab, variant, predictions) {
  const head = ((volume - 1) << 9) | (lab << 4) | variant;
  const values = [head >> 5, head & 31];
  for (const said of predictions) {
    const packed = packPrediction(said);
    values.push(packed >> 10, (packed >> 5) & 31, packed & 31);
  }
  const timesX = (value) => (value << 1) ^ (value & 16 ? 0b100101 : 0);
  values.push(timesX(values.reduce((total, value) => timesX(total) ^ value, 0)));
  return values.map((value) => CODE_SIGNS[value]).join("").match(/.{3}/g).join("-");
}
