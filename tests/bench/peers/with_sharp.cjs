// The same pictures by sharp: prints {"seconds", "bytes"}, as tests.bench.media.sample does.
//
// node with_sharp.cjs FILE PREVIEW_PX THUMB_PX JPEG_QUALITY
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const sharp = createRequire(`${process.cwd()}/`)("sharp");

const [path, ...numbers] = process.argv.slice(2);
const [previewPx, thumbPx, quality] = numbers.map(Number);
const within = (size) => ({ width: size, height: size, fit: "inside", withoutEnlargement: true });
const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;

sharp.concurrency(1);
sharp.cache(false);

(async () => {
  const before = peak();
  const began = process.hrtime.bigint();
  const resized = sharp(path).rotate().resize(within(previewPx));
  const { data, info } = await resized.raw().toBuffer({ resolveWithObject: true });
  const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
  await sharp(data, raw).jpeg({ quality }).toBuffer();
  await sharp(data, raw).resize(within(thumbPx)).jpeg({ quality }).toBuffer();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(JSON.stringify({ seconds, bytes: peak() - before }));
})();
