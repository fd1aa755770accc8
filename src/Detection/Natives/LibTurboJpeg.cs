namespace Nanodet.Detection.Natives;

/// <summary>What has to be known of TurboJPEG before it is loaded.</summary>
internal static class LibTurboJpeg
{
    /// <summary>The names that the library is looked for by, on this platform.</summary>
    internal static IReadOnlyList<string> Names { get; } = OperatingSystem.IsWindows()
        ? ["turbojpeg.dll", "libturbojpeg.dll"]
        : OperatingSystem.IsMacOS()
            ? ["libturbojpeg.dylib", "/opt/homebrew/lib/libturbojpeg.dylib", "/usr/local/lib/libturbojpeg.dylib"]
            : ["libturbojpeg.so.0"];

    /// <summary>A function that version 1 lacks, and with it all that is called here.</summary>
    internal const string VersionMark = "tjGetErrorCode";
}
