use embedded as _;
