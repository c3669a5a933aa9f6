// SPDX-License-Identifier: GPL-2.0-or-later
// The same job with Node's fetch and sharp: pixels in memory at the end. Environment as for `easel`.
//
//   node peer.mjs GENERATION INDEX SIZE
import sharp from "sharp";

const { INSET_API_URL: api, INSET_AUTH_URL: auth, INSET_API_KEY: key, INSET_CLIENT_SECRET: secret } = process.env;
const [generation, index, size] = process.argv.slice(2);

const answer = async (response) => {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
};

const { access_token: token } = await answer(await fetch(`${auth}/oauth2/token`, {
  method: "POST",
  body: new URLSearchParams({ grant_type: "client_credentials", client_id: key, client_secret: secret }),
}));
const headers = { "Api-Key": key, Authorization: `Bearer ${token}` };
const picture = `${api}/v3/ai/image-generations/${generation}/images/${index}`;
await answer(await fetch(`${api}/v3/products`, { headers }));
await answer(await fetch(`${picture}/download-sizes`, { headers }));
const { url } = await answer(await fetch(`${picture}/download`, {
  method: "PUT",
  headers: { ...headers, "Content-Type": "application/json" },
  body: JSON.stringify({ size_name: size }),
}));
const file = Buffer.from(await (await fetch(url)).arrayBuffer());
const { data, info } = await sharp(file).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
console.log(info.width, info.height, data[0]);
