// Which of the lab's declared values this reader gets: labkit/variants.py in the page's own words. Whoever is in no
// section gets the first of each. The first committed lock freezes the choice.

const variant = {
  alternatives: {},

  // {name: value}
  chosen() {
    const first = store.record.events.find((event) => event.kind === "committed");
    if (first) return first.data.variant ?? this.canonical();
    const { section, id } = store.record.student;
    return section ? this.pick(section, id) : this.canonical();
  },

  canonical() {
    return this.each((one) => one.values[0]);
  },

  pick(section, id) {
    return this.each(({ values }, name) => values[parseInt(sha256(canonical([store.lab, section, id, name])).slice(0, 8), 16) % values.length]);
  },

  each(value) {
    return Object.fromEntries(Object.entries(this.alternatives).map(([name, one]) => [name, value(one, name)]));
  },

  frozen() {
    return Object.keys(this.alternatives).length > 0 && store.record.events.some((event) => event.kind === "committed");
  },

  // A question with this reader's values in it.
  fill(text) {
    const chosen = this.chosen();
    return text.replace(/\{(\w+)\}/g, (whole, name) => {
      const one = this.alternatives[name];
      return one ? one.texts[one.values.indexOf(chosen[name])] : whole;
    });
  },

  // As labkit/variants.py counts them: names in alphabetical order.
  number() {
    const chosen = this.chosen();
    const names = Object.keys(this.alternatives).sort();
    return names.reduce((found, name) => found * this.alternatives[name].values.length + this.alternatives[name].values.indexOf(chosen[name]), 0);
  },
};
