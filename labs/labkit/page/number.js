// A number as people write it; labkit/quiz/answers.py reads the same: "3.2", "3,2", "1.6e3", "2 000", "about 5 ms". Returns {value} or {fault}.
function readNumber(text, { unit, units }) {
  const cleaned = text.trim().replace(/^(about|around|roughly|approximately|ca\.?|~|≈)\s*/i, "");
  const match = /^([+-]?(?:\d[\d\s’']*(?:(?:,\d{3})+(?!\d)(?:\.\d+)?|[.,]\d+)?|[.,]\d+)(?:\s*(?:[eE]|[×x*]\s*10\^?)\s*[+-]?\d+)?)\s*(.*)$/.exec(cleaned);
  const example = `for example ${withUnit("12", unit)}, 0.5 or 1.5e3`;
  if (!cleaned) return { fault: `Write a number first, ${example}.` };
  if (!match) return { fault: `“${text.trim()}” does not start with a number. Write one, ${example}.` };
  let digits = match[1].replace(/[\s’']/g, "").replace(/[×x*]10\^?|E/, "e");
  if (/^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?(e|$)/.test(digits)) digits = digits.replace(/,/g, "");
  const number = Number(digits.replace(",", "."));
  const name = match[2].trim().replace(/\.$/, "");
  const factor = name === "" ? 1 : (units[name] ?? units[name.toLowerCase()]);
  if (factor === undefined) {
    const known = Object.keys(units).join(", ");
    return { fault: `“${name}” is not a unit this answer can have. Known here: ${known}.` };
  }
  const value = number * factor;
  if (!Number.isFinite(value)) return { fault: `“${text.trim()}” is too large to be a number here. Write one, ${example}.` };
  if (value <= 0) return { fault: `The answer is above zero; you wrote ${text.trim()}. Write one, ${example}.` };
  return { value };
}
