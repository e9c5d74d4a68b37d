//! The numbers by which apps name drivers, under upstream Tock's names.

/// Upstream Tock's numbers of its drivers, also of those that are not here: capsules that
/// come from there name them by this enumeration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum NUM {
    /// Alarms.
    Alarm = drivers::alarm::NUMBER as usize,
    /// The serial console.
    Console = drivers::console::NUMBER as usize,
    /// LEDs.
    Led = drivers::led::NUMBER as usize,
    /// Buttons.
    Button = drivers::button::NUMBER as usize,
    /// Pins.
    Gpio = 0x00004,
    /// The ADC.
    Adc = drivers::adc::NUMBER as usize,
    /// The DAC.
    Dac = 0x00006,
    /// Comparators of analogue inputs.
    AnalogComparator = 0x00007,
    /// Debugging before an app has a console.
    LowLevelDebug = drivers::low_level_debug::NUMBER as usize,
    /// State that apps read without a system call.
    ReadOnlyState = 0x00009,
    /// Pulse widths.
    Pwm = 0x00010,
    /// Messages between processes by shared memory.
    OldIpc = 0x10000,
    /// Loading of apps by an app.
    AppLoader = 0x10001,
    /// Facts about processes.
    ProcessInfo = 0x10002,
    /// SPI as its controller.
    Spi = 0x20001,
    /// SPI as its peripheral.
    SpiPeripheral = 0x20002,
    /// I2C as its controller.
    I2cMaster = 0x20003,
    /// USB.
    UsbUser = 0x20005,
    /// I2C in both roles.
    I2cMasterSlave = 0x20006,
    /// CAN.
    Can = 0x20007,
    /// Bluetooth advertisements.
    BleAdvertising = 0x30000,
    /// IEEE 802.15.4.
    Ieee802154 = 0x30001,
    /// UDP.
    Udp = 0x30002,
    /// A LoRa radio by SPI.
    LoRaPhySPI = 0x30003,
    /// The pins of a LoRa radio.
    LoRaPhyGPIO = 0x30004,
    /// Thread.
    Thread = 0x30005,
    /// The EUI-64 of the part.
    Eui64 = 0x30006,
    /// Ethernet frames.
    EthernetTap = 0x30007,
    /// Wi-Fi.
    Wifi = 0x30008,
    /// Random numbers.
    Rng = drivers::rng::NUMBER as usize,
    /// Checksums.
    Crc = 0x40002,
    /// HMAC.
    Hmac = 0x40003,
    /// CTAP over USB.
    CtapHid = 0x40004,
    /// SHA.
    Sha = 0x40005,
    /// AES.
    Aes = 0x40006,
    /// An app's own flash.
    AppFlash = 0x50000,
    /// Non-volatile storage.
    NvmStorage = 0x50001,
    /// An SD card.
    SdCard = 0x50002,
    /// Keys and values.
    Kv = 0x50003,
    /// Non-volatile storage for each app.
    IsolatedNvmStorage = 0x50004,
    /// Temperature.
    Temperature = 0x60000,
    /// Humidity.
    Humidity = 0x60001,
    /// Light.
    AmbientLight = 0x60002,
    /// Acceleration, rotation and magnetic field.
    NINEDOF = 0x60004,
    /// Proximity.
    Proximity = 0x60005,
    /// Sound pressure.
    SoundPressure = 0x60006,
    /// Air quality.
    AirQuality = 0x60007,
    /// Pressure of the air.
    Pressure = 0x60008,
    /// Distance.
    Distance = 0x60009,
    /// Moisture of the ground.
    Moisture = 0x6000A,
    /// Rain.
    RainFall = 0x6000B,
    /// Light sensor TSL2561.
    Tsl2561 = 0x70000,
    /// Thermometer TMP006.
    Tmp006 = 0x70001,
    /// Barometer LPS25HB.
    Lps25hb = 0x70004,
    /// Gyroscope L3GD20.
    L3gd20 = 0x70005,
    /// Compass LSM303DLHC.
    Lsm303dlch = 0x70006,
    /// Thermometer MLX90614.
    Mlx90614 = 0x70007,
    /// Accelerometer LSM6DSOX.
    Lsm6dsoxtr = 0x70008,
    /// Battery gauge LTC294x.
    Ltc294x = 0x80000,
    /// Battery gauge MAX17205.
    Max17205 = 0x80001,
    /// I2C switch PCA9544A.
    Pca9544a = 0x80002,
    /// Pins behind a bus.
    GpioAsync = 0x80003,
    /// A serial link to an nRF51822.
    Nrf51822Serialization = 0x80004,
    /// A buzzer.
    Buzzer = 0x90000,
    /// A screen.
    Screen = 0x90001,
    /// A touch panel.
    Touch = 0x90002,
    /// A screen of letters.
    TextScreen = 0x90003,
    /// A seven-segment display.
    SevenSegment = 0x90004,
    /// A keyboard over USB.
    KeyboardHid = 0x90005,
    /// Date and time.
    DateTime = 0x90007,
    /// The core's cycle counter.
    CycleCount = 0x90008,
    /// A servo motor.
    Servo = 0x90009,
    /// Services of other processes by package name.
    IpcRegistryPackageName = 0xA0001,
}
