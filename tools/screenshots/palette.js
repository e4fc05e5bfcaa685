/* A palette of at most 256 colours of a PNG, as RGB, and the nearest one for each pixel.
   The most common colour of each colour region comes first, so that no region is lost;
   the rest are the most common colours overall. */
async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);

  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);
  const parts = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const colours = byCount.map(([pixel]) => pixel);
  const regions = new Map();
  for (const pixel of colours) {
    const region = parts(pixel).map((part) => part >> 4).join();
    if (!regions.has(region)) regions.set(region, pixel);
  }
  const firsts = [...regions.values()].slice(0, 200);
  const palette = [...new Set([...firsts, ...colours])].slice(0, 256).map(parts);

  const distance = (a, b) => a.reduce((sum, part, i) => sum + (part - b[i]) ** 2, 0);
  const nearest = (pixel) => {
    const wanted = parts(pixel);
    const distances = palette.map((each) => distance(each, wanted));
    return distances.indexOf(Math.min(...distances));
  };
  const indices = new Map(colours.map((pixel) => [pixel, nearest(pixel)]));
  let text = "";
  for (const pixel of pixels) text += String.fromCharCode(indices.get(pixel));
  return { width, height, palette: palette.flat(), indices: btoa(text) };
}
