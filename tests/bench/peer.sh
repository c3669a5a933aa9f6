#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same job with curl, jq and ImageMagick: pixels in memory at the end. Environment as for `easel`.
#
#   peer.sh GENERATION INDEX SIZE
set -euo pipefail
call() { curl -sS --fail --cacert "$INSET_CA_FILE" "$@"; }

token=$(call "$INSET_AUTH_URL/oauth2/token" -d grant_type=client_credentials -d "client_id=$INSET_API_KEY" \
  --data-urlencode "client_secret=$INSET_CLIENT_SECRET" | jq -r .access_token)
picture="$INSET_API_URL/v3/ai/image-generations/$1/images/$2"
headers=(-H "Api-Key: $INSET_API_KEY" -H "Authorization: Bearer $token")
call "${headers[@]}" "$INSET_API_URL/v3/products" >/dev/null
call "${headers[@]}" "$picture/download-sizes" >/dev/null
url=$(call "${headers[@]}" -H "Content-Type: application/json" -X PUT "$picture/download" -d "{\"size_name\":\"$3\"}" | jq -r .url)
call "$url" | convert - -alpha on -depth 8 RGBA:- | wc -c
