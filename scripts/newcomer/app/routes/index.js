var express = require('express');
var router = express.Router();

/* GET home page. */
router.get('/', function(req, res, next) {
  res.json({ title: 'Invoice desk' });
});

router.get('/health', function(req, res, next) {
  res.json({ status: 'ok' });
});

module.exports = router;
