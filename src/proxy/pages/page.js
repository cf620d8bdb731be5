// Says whether this device uses the proxy, and whether it trusts its certificate. Old browsers run it too.
(function () {
  'use strict';
  var box = document.getElementById('verdict');
  var text = document.getElementById('verdict-text');
  var again = document.getElementById('again');

  function say(kind, words) {
    box.className = 'verdict ' + kind;
    text.textContent = words;
    again.hidden = kind === 'busy';
  }

  function load(url, done) {
    var request = new XMLHttpRequest();
    var over = false;
    function end(ok) {
      if (!over) { over = true; done(ok); }
    }
    request.onload = function () { end(request.status === 200 && request.responseText.indexOf('synctap') === 0); };
    request.onerror = request.ontimeout = function () { end(false); };
    request.open('GET', url + '?' + new Date().getTime());
    request.timeout = 8000;
    request.send();
  }

  function check() {
    if (location.protocol === 'https:') {
      say('unknown', 'This page came over HTTPS: if the browser did not warn, this device trusts synctap. ' +
        'Open http://synctap.internal/ for a check.');
      return;
    }
    say('busy', 'Checking whether this device trusts synctap…');
    load('http://synctap.internal/via', function (via) {
      if (!via) {
        say('unknown', 'This device does not use the proxy yet: do step 1, then open http://synctap.internal/');
        return;
      }
      load('https://synctap.internal/trusted', function (trusted) {
        if (trusted) {
          say('good', '✓ This device uses the proxy and trusts its certificate. It is ready.');
        } else {
          say('bad', '✗ This device uses the proxy but does not trust its certificate yet: do step 2.');
        }
      });
    });
  }

  again.onclick = check;
  check();
})();
