using System.Runtime.InteropServices;

namespace Nanodet.Detection.Natives;

/// <summary>What has to be known of libvips before it is loaded.</summary>
internal static class LibVips
{
    /// <summary>The library's file name on this platform.</summary>
    internal static string Name { get; } = OperatingSystem.IsWindows()
        ? "libvips-42.dll"
        : OperatingSystem.IsMacOS() ? "libvips.42.dylib" : "libvips.so.42";

    /// <summary>The NuGet package that has the library for this platform.</summary>
    internal static string Package { get; } =
        $"NetVips.Native.{Platform}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    private static string Platform => OperatingSystem.IsWindows() ? "win"
        : OperatingSystem.IsMacOS() ? "osx"
        : RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? "linux-musl" : "linux";

    /// <summary>The version of a loaded library, without starting it.</summary>
    internal static unsafe string ReadVersion(IntPtr library)
    {
        var version = (delegate* unmanaged[Cdecl]<int, int>)NativeLibrary.GetExport(library, "vips_version");
        return $"{version(0)}.{version(1)}.{version(2)}";
    }
}
