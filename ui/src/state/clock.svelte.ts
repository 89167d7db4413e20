// The present, once a second, for running durations and relative times.

let present = $state(Date.now());

setInterval(() => {
  if (document.visibilityState === 'visible') present = Date.now();
}, 1000);

export const clock = {
  /** Milliseconds since 1970. */
  get now() {
    return present;
  },
};
