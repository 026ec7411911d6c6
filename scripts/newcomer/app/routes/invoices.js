var express = require('express');
var router = express.Router();

/* GET all invoices. */
router.get('/', function(req, res, next) {
  res.json({ invoices: [] });
});

router.get('/:id', function(req, res, next) {
  res.json({ id: req.params.id, reader: req.user && req.user.subject });
});

router.put('/:id', function(req, res, next) {
  res.json({ id: req.params.id });
});

module.exports = router;
