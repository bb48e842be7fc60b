// Ring sounds are made here, not loaded: calm, choosable, tested on /me.
const TUNES = {
  bell: { notes: [[880, 0, 0.5], [660, 0.45, 0.7]], wave: "sine", every: 2600 },
  soft: { notes: [[440, 0, 0.7], [554, 0.25, 0.9]], wave: "sine", every: 3000 },
  classic: { notes: [[425, 0, 0.9], [425, 0.02, 0.9]], wave: "triangle", every: 3500 },
  marimba: { notes: [[523, 0, 0.25], [659, 0.18, 0.25], [784, 0.36, 0.45]], wave: "triangle", every: 2600 },
  silent: { notes: [], wave: "sine", every: 3000 },
};
let context;
let ringing = 0;

function audio() {
  context ??= new AudioContext();
  return context;
}

export const soundBlocked = () => context?.state === "suspended";

export async function play(choice, volume = 0.25) {
  const tune = TUNES[choice] ?? TUNES.bell;
  const sound = audio();
  if (sound.state === "suspended") await Promise.race([sound.resume(), new Promise((done) => { setTimeout(done, 300); })]);
  if (sound.state !== "running") return false;
  const start = sound.currentTime + 0.02;
  for (const [frequency, after, length] of tune.notes) {
    const oscillator = new OscillatorNode(sound, { type: tune.wave, frequency });
    const gain = new GainNode(sound, { gain: 0 });
    gain.gain.setValueAtTime(0, start + after);
    gain.gain.linearRampToValueAtTime(volume, start + after + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + after + length);
    oscillator.connect(gain).connect(sound.destination);
    oscillator.start(start + after);
    oscillator.stop(start + after + length + 0.05);
  }
  return true;
}

export function ring(choice, onBlocked) {
  if (ringing || choice === "silent") return;
  const once = async () => { if (!(await play(choice))) onBlocked?.(); };
  ringing = setInterval(once, (TUNES[choice] ?? TUNES.bell).every);
  once();
}

export function stopRinging() {
  clearInterval(ringing);
  ringing = 0;
}
