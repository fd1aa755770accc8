using System.Runtime.InteropServices;

namespace Nanodet.Detection.Natives;

/// <summary>Where the native libraries that come with the app lie, and what the system's loader finds.</summary>
internal static class NativeFiles
{
    /// <summary>The folders that are looked in, in this order.</summary>
    internal static IReadOnlyList<string> Folders { get; } =
    [
        .. (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(AppContext.BaseDirectory)
            .Append(Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"))
            .Select(Path.TrimEndingDirectorySeparator)
            .Distinct(),
    ];

    /// <summary>The path of a library that comes with the app, or null.</summary>
    internal static string? Find(string file) => Folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);

    /// <summary>Tries the loader's own search; a library that loads is let go again.</summary>
    internal static bool CanLoad(string library)
    {
        if (!NativeLibrary.TryLoad(library, out var handle))
        {
            return false;
        }

        NativeLibrary.Free(handle);
        return true;
    }

    /// <summary>The libraries that a file names as needed and that the loader does not find; empty elsewhere than on Linux.</summary>
    internal static IReadOnlyList<string> FindMissing(string path) => OperatingSystem.IsLinux()
        ? [.. SharedObject.ReadNeeded(path).Where(library => Find(library) is null && !CanLoad(library))]
        : [];

    /// <summary>The file that a loaded library came from; null where the system does not say.</summary>
    internal static string? FindLoaded(string library)
    {
        const string maps = "/proc/self/maps";
        if (!OperatingSystem.IsLinux() || !File.Exists(maps))
        {
            return null;
        }

        // A loaded file has its full name there, links resolved: libturbojpeg.so.0 is libturbojpeg.so.0.2.0.
        var marker = $"/{library}";
        return File.ReadLines(maps)
            .Select(line => line.IndexOf('/', StringComparison.Ordinal) is var start and >= 0 ? line[start..] : string.Empty)
            .FirstOrDefault(path => path.LastIndexOf(marker, StringComparison.Ordinal) is var at and >= 0
                && at == path.LastIndexOf('/')
                && (path.Length == at + marker.Length || path[at + marker.Length] == '.'));
    }
}
