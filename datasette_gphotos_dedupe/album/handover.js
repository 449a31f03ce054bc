(() => {
  // Run in the console of photos.google.com with Google Photos Toolkit 3.2 or newer installed, then choose the hand-over file.
  // It shows what it is going to do, and asks before it changes a photo that stays: what only the copies have goes there first, then
  // the copies go into albums, then the albums are read back. Cut short, it goes on where it was when it is run again.
  'use strict';
  const ALBUM_ITEMS = 20000; // Google takes no more
  const CHUNK = 250; // larger calls were seen to end in HTTP 504
  const HASHES = 100;
  const SPLITS = 12; // refusals one after the other within a chunk: one key that Google refuses needs nine to be found
  const REFUSALS = 60; // within a chunk in all: each takes the toolkit six seconds
  const IN_A_ROW = 3; // of whole chunks, steps or look-ups without any success: then nothing goes at present
  const PATIENCE_MS = 600000;
  const SETTLING_MS = [0, 1000, 3000]; // Google shows a change a little after it has taken it
  const KEY = /^[A-Za-z0-9_-]{8,200}$/;
  const AGAIN = 'Write it again: gphotos-to-sqlite handover photos.db handover.json';
  const MEANINGS = {
    i: 'in the album', x: 'in the album, and must come out of it', t: 'in the trash', m: 'not in the album',
    s: 'sent, and not read back', u: 'sent, and not answered', r: 'refused by Google', h: 'held back', k: 'no key to find it by',
    '.': 'not tried',
  };
  const IN_TRASH = 'the photo that stays for it lies in the trash';

  class Trouble extends Error {}
  const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
  const plural = (number, one) => `${number.toLocaleString('en')} ${one}${number === 1 ? '' : 's'}`;
  const plainHash = text => String(text || '').replace(/=+$/, '').replace(/-/g, '+').replace(/_/g, '/');
  const chunked = (list, size) => Array.from({length: Math.ceil(list.length / size)}, (_, n) => list.slice(n * size, (n + 1) * size));

  // ---- what the person sees. Text alone: Google's page takes no markup. What cannot be shown there still stands in the console
  const BOX = 'position:fixed;top:1em;left:1em;right:1em;max-width:50em;max-height:80vh;overflow:auto;z-index:99999;padding:1em;' +
    'background:#fff;color:#111;border:2px solid #000;font:14px/1.5 sans-serif;white-space:pre-wrap';
  const make = (name, text, more) => Object.assign(document.createElement(name), text ? {textContent: text} : {}, more);
  const panel = make('div');
  panel.style = BOX;
  const display = (...nodes) => {
    try {
      panel.append(...nodes);
      document.body.append(panel);
      return true;
    } catch {
      return false;
    }
  };
  const say = text => { display(make('p', text)); console.log(text); };
  const list = (title, texts) => {
    say(title);
    for (const text of texts) {
      display(make('div', `- ${text}`));
      console.log(`- ${text}`);
    }
  };
  const agreed = text => new Promise((resolve, refuse) => {
    const button = make('button', text, {onclick: () => { button.remove(); resolve(); }});
    if (!display(button)) refuse(new Trouble('This page does not let you be shown what will be done. Nothing was changed.'));
  });
  const line = make('p');
  const progress = text => { line.textContent = text; display(line); };

  // ---- the toolkit: every call by its name, none waited for without end; what a call changed is read again, whatever it answered
  const ask = async (name, ...given) => {
    let timer;
    const late = new Promise((_, fail) => {
      timer = setTimeout(() => fail(new Trouble('Google gave no answer within ten minutes')), PATIENCE_MS);
    });
    try {
      return await Promise.race([gptkApi[name](...given), late]);
    } finally {
      clearTimeout(timer);
    }
  };
  const told = async (name, ...given) => {
    const answer = await ask(name, ...given);
    if (answer === null || answer === undefined) throw new Trouble('Google gave no answer');
    return answer;
  };
  const can = name => typeof gptkApi[name] === 'function';
  const settled = async check => {
    for (const ms of SETTLING_MS) {
      if (ms) await pause(ms);
      if (await check()) return true;
    }
    return false;
  };
  const checkToolkit = names => {
    if (typeof gptkApi === 'undefined' || !gptkApi) {
      throw new Trouble('Google Photos Toolkit is not on this page. Install version 3.2 or newer from ' +
        'https://github.com/xob0t/Google-Photos-Toolkit, load photos.google.com anew, and run this again. Nothing was changed.');
    }
    const lacking = [...new Set(names)].filter(name => !can(name));
    if (lacking.length) {
      throw new Trouble(`This Google Photos Toolkit lacks ${lacking.join(', ')}. Install version 3.2 or newer, load this page anew, ` +
        'and run this again. Nothing was changed.');
    }
  };

  // ---- what is remembered between two runs: a letter for each photo, its album, the steps done, the reasons
  const memory = handover => {
    const name = 'gphotos-handover:' + handover.made_at;
    const fresh = {albums: [], fates: '.'.repeat(handover.photos.length), where: {}, reasons: {}, carried: []};
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(name));
    } catch { /* a private window: nothing is remembered */ }
    const state = kept && kept.fates && kept.fates.length === handover.photos.length ? kept : fresh;
    const fates = [...state.fates];
    return Object.assign(state, {
      fate: place => fates[place],
      mark: (place, fate, reason) => {
        fates[place] = fate;
        if (reason) state.reasons[place] = reason; else delete state.reasons[place];
      },
      save: () => {
        state.fates = fates.join('');
        try {
          localStorage.setItem(name, JSON.stringify(state));
        } catch { /* as above, or no room: the run goes on, another would begin anew */ }
      },
    });
  };

  // ---- first: whether photos that are to stay lie in the trash by now
  const readTrash = async () => {
    const trash = new Set();
    try {
      for (let page = null, pages = 0; pages < 10000; pages += 1) {
        const answer = await ask('getTrashItems', page) || {}; // the toolkit makes null of an empty trash
        for (const item of answer.items || []) trash.add(item.mediaKey).add(item.dedupKey);
        page = answer.nextPageId;
        if (!page) break;
      }
    } catch (error) {
      say(`The trash could not be read (${error.message}): whether a photo that stays lies there is not known.`);
    }
    return trash;
  };

  // ---- step 1: the keys of those whose checksum alone is known
  const lookUp = async (photos, keys) => {
    const unknown = photos.filter(photo => !photo.media_key && photo.checksum);
    let silent = 0;
    for (const chunk of chunked(unknown, HASHES)) {
      if (silent >= IN_A_ROW) break;
      try {
        const wanted = new Map(chunk.map(photo => [plainHash(photo.checksum), photo]));
        const hashes = [...wanted.keys()].map(hash => hash.padEnd(28, '='));
        for (const match of await ask('getRemoteMatchesByHash', hashes) || []) { // the toolkit makes null of an empty answer
          const photo = match && wanted.get(plainHash(match.hash));
          if (photo && KEY.test(match.mediaKey)) keys.set(photo.checksum, match);
        }
        silent = 0;
      } catch (error) {
        silent += 1;
        say(`${plural(chunk.length, 'checksum')} could not be looked up: ${error.message}`);
      }
      progress(`${keys.size} of ${plural(unknown.length, 'photo')} found by checksum`);
    }
  };

  // ---- step 2: what only the copies have goes to the photos that stay
  const albumOf = async (step, handover, state) => {
    const found = [];
    for (let page = null, pages = 0; pages < 1000; pages += 1) {
      const answer = await told('getAlbums', page);
      const is = album => (step.album_key ? album.mediaKey === step.album_key : album.title === step.value);
      found.push(...(answer.items || []).filter(is));
      page = answer.nextPageId;
      if (!page) break;
    }
    if (found.length !== 1) throw new Trouble(found.length ? `${found.length} albums have this title` : 'there is no such album of yours');
    if (state.albums.some(album => album.key === found[0].mediaKey) || found[0].title === handover.album) {
      throw new Trouble('the album is the one to delete from');
    }
    if (found[0].isShared) throw new Trouble('the album is shared with others, so you add to it yourself');
    return found[0].mediaKey;
  };
  const carryOut = {
    favorite: async (step, key, keeper) => {
      if (keeper.isFavorite) return;
      await ask('setFavorite', [keeper.dedupKey], true);
      if (!await settled(async () => (await told('getItemInfo', key)).isFavorite)) throw new Trouble('Google did not keep the heart');
    },
    description: async (step, key, keeper) => {
      const words = (keeper.descriptionFull || '').trim();
      if (words.includes(step.value)) return;
      if (words) throw new Trouble('it has words of its own by now, and they are not replaced');
      await ask('setItemDescription', keeper.dedupKey, step.value);
      const stands = await settled(async () => {
        if (((await told('getItemInfo', key)).descriptionFull || '').includes(step.value)) return true;
        // Google shows no description that says what the file itself says: then nothing would be lost.
        return can('getItemInfoExt') && ((await told('getItemInfoExt', key)).other || '').includes(step.value);
      });
      if (!stands) throw new Trouble('Google did not keep the words');
    },
    album: async (step, key, keeper, handover, state) => {
      const album = await albumOf(step, handover, state);
      const inside = async () => (can('getItemInfoExt')
        ? ((await told('getItemInfoExt', key)).albums || []).some(one => one.mediaKey === album)
        : (await readAlbum({key: album})).has(keeper.dedupKey));
      if (await inside()) return;
      await ask('addItemsToAlbum', [key], album);
      if (!await settled(inside)) throw new Trouble('Google did not put it into the album');
    },
  };
  const carry = async (handover, state, keys) => {
    const places = new Map(handover.photos.map((photo, place) => [photo.photo_id, place]));
    let failed = 0;
    for (const [number, step] of handover.steps.entries()) {
      if (state.carried.includes(number)) continue;
      let reason = 'Google did nothing for the steps before';
      if (failed < IN_A_ROW) {
        try {
          const key = step.keeper_media_key || (keys.get(step.keeper_checksum) || {}).mediaKey;
          if (!key) throw new Trouble('the photo that stays was not found in Google Photos');
          const keeper = await told('getItemInfo', key);
          if (keeper.trashTimestamp) throw new Trouble('the photo that stays is in the trash');
          if (!keeper.dedupKey) throw new Trouble('Google does not say which photo that is');
          await carryOut[step.what](step, key, keeper, handover, state);
          state.carried.push(number);
          reason = null;
          failed = 0;
        } catch (error) {
          reason = error.message;
          failed += error instanceof Trouble && !/no answer/.test(reason) ? 0 : 1;
        }
      }
      for (const id of step.photo_ids) {
        const place = places.get(id);
        if (reason) state.mark(place, 'h', `${step.text}: ${reason}`);
        else if (state.fate(place) === 'h' && state.reasons[place].startsWith(step.text)) state.mark(place, '.');
      }
      state.save();
      progress(`${state.carried.length} of ${plural(handover.steps.length, 'step')} done`);
    }
  };

  // ---- step 3: into albums, no more than Google takes in each
  const assign = (handover, state, keys, trash) => {
    const staying = new Set(handover.staying_keys);
    const bySame = new Map();
    // What an earlier run has sent and must not go any more is looked for in the album below.
    const hold = (place, reason) => state.mark(place, place in state.where && !'.h'.includes(state.fate(place)) ? 'x' : 'h', reason);
    handover.photos.forEach((photo, place) => {
      const match = keys.get(photo.checksum);
      const key = photo.media_key || (match && match.mediaKey);
      if (!key) {
        state.mark(place, 'k', photo.checksum ? 'Google knows no photo of this checksum' : 'open its link, or look for its name');
      } else if (staying.has(key) || (match && staying.has(match.dedupKey))) {
        hold(place, 'Google takes it for a photo that stays');
      } else if (photo.keeper_keys.some(one => trash.has(one))) {
        hold(place, IN_TRASH);
      } else if (state.fate(place) !== 'h' || state.reasons[place] === IN_TRASH) {
        if ('kh'.includes(state.fate(place))) state.mark(place, '.');
        bySame.set(key, [...(bySame.get(key) || []), place]);
      }
    });
    const sizes = [];
    for (const places of bySame.values()) for (const place of places.slice(0, 1)) {
      if (place in state.where) sizes[state.where[place]] = (sizes[state.where[place]] || 0) + 1;
    }
    let last = 0;
    for (const places of bySame.values()) {
      if (!(places[0] in state.where)) {
        while ((sizes[last] || 0) >= ALBUM_ITEMS) last += 1;
        sizes[last] = (sizes[last] || 0) + 1;
        state.where[places[0]] = last;
      }
      for (const place of places) state.where[place] = state.where[places[0]];
    }
    return bySame;
  };
  const put = async (chunk, album, mark, tries) => {
    try {
      const answer = await ask('addItemsToAlbum', chunk.map(([key]) => key), album.key);
      const silent = answer === null || answer === undefined;
      tries.splits = SPLITS;
      chunk.forEach(entry => mark(entry, silent ? 'u' : 's', silent ? 'Google gave no answer' : null));
      return silent ? 0 : chunk.length;
    } catch (error) {
      if (error instanceof Trouble) { // it took too long: whether it was done, the album will tell
        chunk.forEach(entry => mark(entry, 'u', error.message));
        return 0;
      }
      tries.splits -= 1;
      tries.refusals -= 1;
      if (chunk.length === 1 || tries.splits <= 0 || tries.refusals <= 0) {
        chunk.forEach(entry => mark(entry, 'r', error.message));
        return 0;
      }
      const half = Math.ceil(chunk.length / 2);
      const first = await put(chunk.slice(0, half), album, mark, tries);
      return first + await put(chunk.slice(half), album, mark, tries);
    }
  };
  const openAlbum = async (handover, state, number) => {
    if (state.albums[number]) return state.albums[number];
    const title = number ? `${handover.album} (${number + 1})` : handover.album;
    const key = await ask('createAlbum', title);
    if (typeof key !== 'string' || !KEY.test(key)) throw new Trouble(`Google made no album "${title}"`);
    state.albums[number] = {key, title};
    state.save();
    return state.albums[number];
  };
  const file = async (handover, state, bySame, done) => {
    const mark = ([, places], fate, reason) => places.forEach(place => state.mark(place, fate, reason));
    const open = [...bySame].filter(([, places]) => !done.includes(state.fate(places[0])));
    open.sort((a, b) => (state.fate(a[1][0]) !== '.') - (state.fate(b[1][0]) !== '.')); // what was never tried comes first
    let failed = 0;
    for (const number of [...new Set(open.map(([, places]) => state.where[places[0]]))].sort((a, b) => a - b)) {
      const album = await openAlbum(handover, state, number);
      for (const chunk of chunked(open.filter(([, places]) => state.where[places[0]] === number), CHUNK)) {
        if (failed >= IN_A_ROW) throw new Trouble(`Google filed nothing of ${IN_A_ROW} chunks one after the other, so no more was sent`);
        failed = await put(chunk, album, mark, {splits: SPLITS, refusals: REFUSALS}) ? 0 : failed + 1;
        state.save();
        const sent = [...handover.photos.keys()].filter(place => 'sui'.includes(state.fate(place))).length;
        progress(`${sent} of ${plural(handover.photos.length, 'photo')} sent`);
      }
    }
  };

  // ---- step 4: the albums as they are. An item has another media key there, so its content key tells which it is
  const readAlbum = async album => {
    const seen = new Set();
    const pages = new Set();
    for (let page = null; !pages.has(page);) {
      pages.add(page);
      const answer = await told('getAlbumPage', album.key, page);
      (answer.items || []).forEach(item => seen.add(item.dedupKey));
      if (!answer.nextPageId) return seen;
      page = answer.nextPageId;
    }
    throw new Trouble('its pages go round in a circle');
  };
  const readBack = async (handover, state, bySame, keys, contents) => {
    for (const [number, album] of state.albums.entries()) {
      const mine = [...bySame].filter(([, places]) => state.where[places[0]] === number && state.fate(places[0]) !== '.');
      const recalled = [...handover.photos.keys()].filter(place => state.fate(place) === 'x' && state.where[place] === number);
      let inside;
      try {
        inside = await readAlbum(album);
      } catch (error) {
        say(`The album "${album.title}" could not be read back: ${error.message}`);
        for (const place of mine.flatMap(([, places]) => places)) if (state.fate(place) === 'i') state.mark(place, 's');
        continue;
      }
      let checked = 0;
      let silent = 0;
      const isInside = async (key, places) => {
        const photos = places.map(place => handover.photos[place]);
        const known = photos.flatMap(photo => [...photo.content_keys, (keys.get(photo.checksum) || {}).dedupKey]);
        if (known.some(one => inside.has(one))) return true;
        if (!contents.has(key) && silent < IN_A_ROW) {
          try {
            contents.set(key, await told('getItemInfo', key));
            silent = 0;
          } catch { // what cannot be asked stays as it was answered
            silent += 1;
          }
        }
        return inside.has((contents.get(key) || {}).dedupKey);
      };
      const check = async ([key, places]) => {
        const found = await isInside(key, places);
        const now = contents.get(key) || {};
        for (const place of places) {
          const fate = state.fate(place);
          if (found) state.mark(place, 'i');
          else if (now.trashTimestamp) state.mark(place, 't');
          else if (now.dedupKey && 'ist'.includes(fate)) state.mark(place, 'm', 'Google took it, and the album does not show it');
          else if (now.dedupKey && fate === 'u') state.mark(place, 'm', 'Google gave no answer, and the album does not show it');
          else if (fate === 'i') state.mark(place, 's');
        }
        checked += 1;
        progress(`${checked} of ${plural(mine.length, 'photo')} of "${album.title}" read back`);
      };
      const queue = mine.values();
      await Promise.all([1, 2, 3].map(async () => { for (const entry of queue) await check(entry); }));
      for (const place of recalled) {
        const photo = handover.photos[place];
        const key = photo.media_key || (keys.get(photo.checksum) || {}).mediaKey;
        const found = await isInside(key, [place]);
        if (!found && contents.get(key)) state.mark(place, 'h', state.reasons[place]); // what cannot be asked may be there still
      }
      state.save();
    }
  };

  // ---- the end: what became of each
  const report = (handover, state) => {
    const counts = {};
    const photos = handover.photos.map((photo, place) => {
      const fate = MEANINGS[state.fate(place)];
      counts[fate] = (counts[fate] || 0) + 1;
      const album = 'ximsurt'.includes(state.fate(place)) ? (state.albums[state.where[place]] || {}).title || null : null;
      const {photo_id, filename, url, media_key} = photo;
      return {photo_id, filename, url, media_key, fate, album, reason: state.reasons[place] || null};
    });
    return {made_at: handover.made_at, albums: state.albums, counts, photos};
  };
  const tell = done => {
    for (const [fate, number] of Object.entries(done.counts)) say(`${plural(number, 'photo')}: ${fate}.`);
    const rest = done.photos.filter(photo => photo.fate !== 'in the album');
    if (rest.length) {
      const fate = one => `${one.filename || one.photo_id}: ${one.fate}${one.reason ? ' - ' + one.reason : ''}`;
      list('Not in the album:', rest.slice(0, 100).map(fate));
      if (rest.length > 100) say(`and ${(rest.length - 100).toLocaleString('en')} more, all named in the report.`);
    }
    const file = new Blob([JSON.stringify(done, null, 1)], {type: 'application/json'});
    const link = {href: URL.createObjectURL(file), download: 'handover-report.json'};
    display(make('a', 'Save the report: what became of each photo', link));
    console.log('The report stands in gphotosHandover as well.');
    const out = done.counts[MEANINGS.x];
    if (out) say(`BEFORE YOU DELETE, take ${plural(out, 'photo')} out of the album again, all named above: the photo that stays is not safe.`);
    if (done.counts['in the album']) say('Look through the album, then select all and choose Move to trash.');
    if (rest.length) say('To try the rest again, run this once more with the same file.');
  };
  const wanted = handover => [
    ...handover.photos, ...handover.steps.map(step => ({media_key: step.keeper_media_key, checksum: step.keeper_checksum})),
  ];
  const needed = handover => [
    'createAlbum', 'addItemsToAlbum', 'getAlbumPage', ...(handover.steps.length ? ['getItemInfo'] : []),
    ...(wanted(handover).some(one => !one.media_key && one.checksum) ? ['getRemoteMatchesByHash'] : []),
    ...handover.steps.flatMap(step => ({
      favorite: ['setFavorite'], description: ['setItemDescription'], album: ['getAlbums'],
    })[step.what]),
  ];
  const read = text => {
    let handover;
    try {
      handover = JSON.parse(text);
    } catch {
      throw new Trouble(`This file is no hand-over file, or was cut short. ${AGAIN}`);
    }
    if (!handover || !Array.isArray(handover.photos) || !Array.isArray(handover.steps) || !Array.isArray(handover.staying_keys)) {
      throw new Trouble(`This file is no hand-over file of this version. ${AGAIN}`);
    }
    return handover;
  };
  const show = (handover, state) => {
    const open = handover.steps.filter((_, number) => !state.carried.includes(number));
    if (open.length) {
      const goes = open.length === 1 ? 'goes' : 'go';
      const title = `First, ${plural(open.length, 'thing')} that only the copies have ${goes} to the photos that stay:`;
      list(title, open.map(step => step.text));
    }
    if (handover.by_hand.length) {
      list('This the toolkit cannot carry over. Do it by hand before you delete:', handover.by_hand.map(one => one.text));
    }
    const lacking = handover.photos.filter(photo => !photo.media_key && !photo.checksum);
    if (lacking.length) {
      const names = lacking.map(photo => photo.filename || photo.photo_id);
      list(`${plural(lacking.length, 'photo')} without a key, which the toolkit cannot find:`, names);
    }
    const number = handover.photos.length - lacking.length;
    const albums = Math.max(1, Math.ceil(number / ALBUM_ITEMS));
    const into = albums === 1 ? `the album "${handover.album}"` : `${albums} albums, "${handover.album}", "${handover.album} (2)" ...`;
    say(`Then ${plural(number, 'photo')} ${number === 1 ? 'goes' : 'go'} into ${into}. Nothing is deleted.`);
  };
  const run = async text => {
    const handover = read(text);
    checkToolkit(needed(handover));
    const state = memory(handover);
    show(handover, state);
    if (state.carried.length < handover.steps.length || handover.by_hand.length) await agreed('Go ahead');
    const keys = new Map();
    const contents = new Map();
    await lookUp(wanted(handover), keys);
    await carry(handover, state, keys);
    const bySame = assign(handover, state, keys, await readTrash());
    for (const done of ['ist', 'isrt']) { // what was answered and is not there is sent once more
      let stopped = false;
      try {
        await file(handover, state, bySame, done);
      } catch (error) {
        stopped = true;
        say(`Stopped: ${error.message}. Run this again later.`);
      }
      await readBack(handover, state, bySame, keys, contents);
      if (stopped || ![...bySame.values()].some(places => 'um'.includes(state.fate(places[0])))) break;
    }
    state.save();
    return report(handover, state);
  };

  const input = make('input', '', {type: 'file', accept: '.json'});
  input.style = BOX;
  input.onchange = async () => {
    const text = await input.files[0].text();
    input.remove();
    globalThis.gphotosHandover = undefined;
    try {
      const done = await run(text);
      globalThis.gphotosHandover = done;
      tell(done);
    } catch (error) {
      say(error.message);
      globalThis.gphotosHandover = globalThis.gphotosHandover || {error: error.message};
    }
  };
  console.log('Choose the hand-over file at the top of the page.');
  document.body.append(input);
})();
