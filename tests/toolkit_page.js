// The browser toolkit's `gptkApi` as its versions 3.2 and 3.3 have it: the same names, the same parameters in the same order, and
// behind them a Google that takes and gives the payloads of the page: every call is kept as [name of the procedure, payload].
//
// setup.library: [{mediaKey, dedupKey, hash, favorite, description, other, trashed, albums: [title]}]
// setup.albums:  [{key, title, shared}]
// setup.faults:  {absent, lacks: [method], silent: [procedure] (null), lost: [procedure] (answered, not done), mute: [procedure]
//                 (done, answered null), hang: [procedure], refuseCalls: {procedure: [number]}, refuseKeys: [mediaKey], after: number}
function makeToolkit(setup) {
  const faults = setup.faults || {};
  const has = (name, procedure) => (faults[name] || []).includes(procedure);
  const library = new Map(setup.library.map(item => [item.mediaKey, {...item}]));
  const byContent = key => [...library.values()].find(item => item.dedupKey === key);
  const albums = new Map((setup.albums || []).map(album => [album.key, {...album, items: []}]));
  for (const item of library.values()) {
    for (const title of item.albums || []) [...albums.values()].find(album => album.title === title).items.push(item.mediaKey);
  }
  const calls = [];
  const counts = {};
  const inAlbum = (album, item) => 'AF1QipInAlbum' + item.mediaKey.slice(-25) + album.key.slice(-6); // a key of the album's own
  const albumRow = album => [album.key, ['https://thumb'], null, null, null, null, ['actor'],
    {72930366: [null, album.title, [0, 0, 0, 0, 1, 2, 3, 0, 0, 4], album.items.length, Boolean(album.shared)]}];
  const known = key => {
    if (!library.has(key) || (faults.refuseKeys || []).includes(key)) throw new Error('HTTP 400 ');
    return library.get(key);
  };

  const google = {
    OXvT9d: ([title]) => {
      const key = 'AF1QipMade' + String(albums.size).padStart(34, '0');
      albums.set(key, {key, title, items: []});
      return [[key]];
    },
    E1Cajb: ([keys, albumKey]) => {
      const album = albums.get(albumKey);
      const there = new Set(album.items);
      const added = keys.map(known).map(item => item.mediaKey).filter(key => !there.has(key));
      if (album.items.length + added.length > 20000) throw new Error('HTTP 400 ');
      album.items.push(...added);
      return [added.length];
    },
    snAcKc: ([albumKey, page]) => {
      const album = albums.get(albumKey);
      const start = page ? Number(page.slice(5)) : 0;
      const rows = album.items.slice(start, start + 300).map(key => library.get(key))
        .map(item => [inAlbum(album, item), ['https://thumb', 40, 30], 1, item.dedupKey, 0, 2, {}]);
      const next = start + 300 < album.items.length ? `page ${start + 300}` : undefined;
      return [null, rows, next, [album.key, album.title, [], null, null, ['actor']]];
    },
    Z5xsfc: ([page]) => {
      const all = [...albums.values()];
      const start = page ? Number(page) : 0;
      return [all.slice(start, start + 2).map(albumRow), start + 2 < all.length ? String(start + 2) : null];
    },
    VrseUb: ([key]) => {
      const item = library.get(key);
      if (!item) return [];
      const more = {163238866: [Boolean(item.favorite)], ...(item.trashed ? {225032867: [5]} : {})};
      const row = [key, ['https://thumb', 40, 30], 1, item.dedupKey, 0, 2];
      row[13] = false;
      row[15] = more;
      const answer = [row, 'https://download'];
      answer[10] = item.description;
      answer[12] = 'https://thumb';
      return answer;
    },
    fDcn4b: ([key]) => {
      const item = library.get(key);
      if (!item) return [];
      const row = [key, item.description === item.other ? undefined : item.description, 'name.jpg', 1, 0, 3, 40, 30];
      row[11] = item.dedupKey;
      row[12] = [];
      row[19] = [...albums.values()].filter(album => album.items.includes(key)).map(albumRow);
      row[31] = item.other;
      return [row];
    },
    swbisb: ([hashes]) => {
      const found = [...library.values()].filter(item => hashes.includes(item.hash));
      return [found.map(item => [item.hash, [item.mediaKey, ['https://thumb', 40, 30], 1, item.dedupKey, 0, 2, {}]])];
    },
    zy0IHe: ([page]) => {
      const all = [...library.values()].filter(item => item.trashed);
      const start = page ? Number(page) : 0;
      const rows = all.slice(start, start + 2).map(item => [item.mediaKey, ['https://thumb', 40, 30], 1, item.dedupKey, 0, 2, {}]);
      return rows.length ? [rows, start + 2 < all.length ? String(start + 2) : null] : [];
    },
    Ftfh0: ([pairs, [action]]) => { for (const [, key] of pairs) byContent(key).favorite = action === 1; return []; },
    AQNOFd: ([, text, key]) => { byContent(key).description = text; return []; },
  };

  const request = async (procedure, payload) => {
    calls.push([procedure, JSON.parse(JSON.stringify(payload))]);
    counts[procedure] = (counts[procedure] || 0) + 1;
    if (faults.after !== undefined && calls.length > faults.after) return new Promise(() => {}); // the tab was closed
    if (has('hang', procedure)) return new Promise(() => {});
    if (((faults.refuseCalls || {})[procedure] || []).includes(counts[procedure])) throw new Error('HTTP 504 ');
    if (has('silent', procedure)) return null;
    if (has('lost', procedure)) return [1];
    const answer = JSON.parse(JSON.stringify(google[procedure](payload)));
    return has('mute', procedure) ? null : answer;
  };
  const parsed = (data, reader) => (data && data.length ? reader(data) : null); // as the toolkit: nothing of an empty answer
  const albumOf = row => ({mediaKey: row[0], title: row.at(-1)[72930366][1], itemCount: row.at(-1)[72930366][3],
    isShared: row.at(-1)[72930366][4] || false});

  class Api {
    async createAlbum(albumName) { return (await request('OXvT9d', [albumName, null, 2]))[0][0]; }
    async addItemsToAlbum(mediaKeyArray, albumMediaKey = null, albumName = null) {
      return request('E1Cajb', albumName ? [mediaKeyArray, null, albumName] : [mediaKeyArray, albumMediaKey]);
    }
    async getAlbumPage(albumMediaKey, pageId = null, authKey = null, parseResponse = true) {
      const data = await request('snAcKc', [albumMediaKey, pageId, null, authKey]);
      return parseResponse ? parsed(data, page => ({
        items: page[1].map(row => ({mediaKey: row[0], dedupKey: row[3]})), nextPageId: page[2], mediaKey: page[3][0], title: page[3][1],
      })) : data;
    }
    async getAlbums(pageId = null, pageSize = 100, parseResponse = true) {
      const data = await request('Z5xsfc', [pageId, null, null, null, 1, null, null, pageSize, [2], 5]);
      return parseResponse ? parsed(data, page => ({items: page[0].map(albumOf), nextPageId: page[1]})) : data;
    }
    async getItemInfo(mediaKey, albumMediaKey = null, authKey = null, parseResponse = true) {
      const data = await request('VrseUb', [mediaKey, null, authKey, null, albumMediaKey]);
      return parseResponse ? parsed(data, ([row, , , , , , , , , , words]) => ({
        mediaKey: row[0], dedupKey: row[3], isFavorite: row[15][163238866][0], trashTimestamp: (row[15][225032867] || [])[0],
        descriptionFull: words,
      })) : data;
    }
    async getItemInfoExt(mediaKey, authKey = null, parseResponse = true) {
      const data = await request('fDcn4b', [mediaKey, 1, authKey, null, 1]);
      return parseResponse ? parsed(data, ([row]) => ({
        mediaKey: row[0], dedupKey: row[11], descriptionFull: row[1], albums: row[19].map(albumOf), other: row[31],
      })) : data;
    }
    async getRemoteMatchesByHash(hashArray, parseResponse = true) {
      const data = await request('swbisb', [hashArray, null, 3, 0]);
      return parseResponse ? parsed(data, ([rows]) => rows.map(([hash, row]) => ({hash, mediaKey: row[0], dedupKey: row[3]}))) : data;
    }
    async getTrashItems(pageId = null, parseResponse = true) {
      const data = await request('zy0IHe', [pageId]);
      return parseResponse ? parsed(data, page => ({
        items: page[0].map(row => ({mediaKey: row[0], dedupKey: row[3]})), nextPageId: page[1],
      })) : data;
    }
    async setFavorite(dedupKeyArray, action = true) {
      return request('Ftfh0', [dedupKeyArray.map(key => [null, key]), [action ? 1 : 2]]);
    }
    async setItemDescription(dedupKey, description) { return request('AQNOFd', [null, description, dedupKey]); }
  }
  const api = new Api();
  for (const name of faults.lacks || []) api[name] = undefined;
  const state = () => ({
    calls,
    albums: [...albums.values()].map(album => ({...album, contents: album.items.map(key => library.get(key).dedupKey)})),
    library: [...library.values()],
  });
  return {api: faults.absent ? undefined : api, state};
}
