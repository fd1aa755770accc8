using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Images;

/// <summary>What decodes JPEG in this process. The pixels are the same, the time is not.</summary>
/// <param name="Library">File name of the library.</param>
/// <param name="Advice">What to install so that it takes less time; null where nothing does.</param>
public sealed record JpegDecoding(string Library, string? Advice)
{
    /// <summary>Looks once for the machine's own library.</summary>
    public static JpegDecoding Current { get; } = TurboJpeg.Instance is { } turbo
        ? new JpegDecoding(turbo.Path, null)
        : new JpegDecoding(
            LibVips.Name,
            $"{LibTurboJpeg.Names[0]} decodes JPEG in less time. {SystemPackages.FindCommands(LibTurboJpeg.Names[0])}".TrimEnd());
}
