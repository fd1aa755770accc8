namespace Nanodet.Serverless.Conversion;

/// <summary>One photo to calibrate on.</summary>
/// <param name="Name">Its name, for messages.</param>
/// <param name="Encoded">The bytes of the image file.</param>
public sealed record CalibrationImage(string Name, ReadOnlyMemory<byte> Encoded);
