// «Звук и микрофон» on /me: choose the devices, hear the ring, see the level, hear a test tone in the chosen speaker.
import { play } from "./sound.js";

let meter;

function stopMeter() {
  if (!meter) return;
  clearInterval(meter.timer);
  meter.stream.getTracks().forEach((track) => track.stop());
  meter.context.close();
  meter = undefined;
}

async function fill() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  for (const [kind, name] of [["audioinput", "microphone"], ["audiooutput", "speaker"]]) {
    const select = document.querySelector(`select[data-device='${name}']`);
    if (!select) continue;
    const chosen = localStorage.getItem(`fd-${name}`) ?? "";
    select.replaceChildren(new Option("как в системе", ""));
    devices.filter((device) => device.kind === kind && device.deviceId && device.deviceId !== "default")
      .forEach((device, index) => select.add(new Option(device.label || `устройство ${index + 1}`, device.deviceId)));
    select.value = [...select.options].some((option) => option.value === chosen) ? chosen : "";
  }
}

async function check(result) {
  stopMeter();
  const say = (text, tone) => { result.textContent = text; result.className = `small state-${tone}`; };
  if (!navigator.mediaDevices) return say("Микрофон доступен только по https или с этого же компьютера.", "bad");
  try {
    const device = localStorage.getItem("fd-microphone");
    const stream = await navigator.mediaDevices.getUserMedia({ audio: device ? { deviceId: { ideal: device } } : true });
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 1024 });
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const bar = document.querySelector("[data-level]");
    let loudest = 0;
    meter = { stream, context, timer: setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
      loudest = Math.max(loudest, level);
      bar.value = Math.min(1, level * 6);
      say(loudest > 0.01 ? "Микрофон слышно: столбик движется, когда вы говорите." : "Скажите что-нибудь: столбик должен двигаться.", loudest > 0.01 ? "ok" : "warn");
      if (!bar.isConnected) stopMeter();
    }, 80) };
    await fill(); // names of devices are known only after the permission
  } catch (error) {
    say(error.name === "NotFoundError" ? "Микрофон не найден: подключите гарнитуру." : "Браузер не разрешил микрофон: нажмите на значок слева от адреса страницы.", "bad");
  }
  return undefined;
}

export function startDevices() {
  const ready = () => {
    if (!document.querySelector("[data-device]")) { stopMeter(); return; }
    const phone = document.querySelector(`[data-phone-choice][value='${localStorage.getItem("fd-phone") === "off" ? "off" : "on"}']`);
    if (phone) phone.checked = true;
    if (navigator.mediaDevices && !meter) fill().catch(() => {});
  };
  document.addEventListener("change", (event) => {
    const name = event.target.dataset?.device;
    if (name) localStorage.setItem(`fd-${name}`, event.target.value);
    if (event.target.matches("[name='sound_choice']")) play(event.target.value);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-check='microphone']")) check(document.getElementById("microphone-result"));
    if (event.target.closest("[data-check='sound']")) play(document.querySelector("[name='sound_choice']:checked")?.value ?? document.body.dataset.sound);
  });
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "main") ready(); });
  ready();
}
