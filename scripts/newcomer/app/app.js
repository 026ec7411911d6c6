var express = require('express');
var path = require('path');

var indexRouter = require('./routes/index');
var invoicesRouter = require('./routes/invoices');

var app = express();

app.use(express.json());
app.use(express.urlencoded({ extended: false }));
app.use(express.static(path.join(__dirname, 'public')));

app.use('/', indexRouter);
app.use('/invoices', invoicesRouter);

// error handler
app.use(function(err, req, res, next) {
  res.status(err.status || 500);
  res.json({ message: err.message });
});

module.exports = app;
