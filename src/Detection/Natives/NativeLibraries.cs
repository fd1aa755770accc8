using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Natives;

/// <summary>
/// Every native library that detection uses. Each is loaded by hand before the managed code over it is touched: that code loads it in a
/// type initialiser, which fails once and for all, while this can be tried again.
/// </summary>
public static class NativeLibraries
{
    private const string GpuPackage = "Microsoft.ML.OnnxRuntime.Gpu";

    private static readonly ConcurrentDictionary<string, IntPtr> Loaded = new();

    /// <summary>What decodes and draws images.</summary>
    internal static NativeLibraryInfo ImageDecoder { get; } = new(LibVips.Name, "decodes and draws images", IsRequired: true)
    {
        Package = LibVips.Package,
        Caller = static () => typeof(NetVips.Image).Assembly,
        ImportName = LibVips.Name,
        EntryPoints = ["vips_init", "vips_version", "vips_region_fetch", "g_free", "g_setenv"],
        ReadVersion = LibVips.ReadVersion,
    };

    /// <summary>What decodes JPEG in less time, on machines that have it.</summary>
    internal static NativeLibraryInfo JpegDecoder { get; } = new(
        LibTurboJpeg.Names[0], "decodes JPEG in less time than the bundled library", IsRequired: false)
    {
        EntryPoints = [LibTurboJpeg.VersionMark],
    };

    /// <summary>What runs models.</summary>
    internal static NativeLibraryInfo OnnxRuntime { get; } = new(FileName("onnxruntime"), "runs models", IsRequired: true)
    {
        Package = $"Microsoft.ML.OnnxRuntime (CPU) or {GpuPackage} (CUDA)",
        Caller = static () => typeof(OrtEnv).Assembly,
        ImportName = "onnxruntime",
        EntryPoints = [OnnxRuntimeVersion.EntryPoint],
        ReadVersion = OnnxRuntimeVersion.Read,
    };

    /// <summary>All of them that are named before anything is looked at; those that the plug-ins need follow from their files.</summary>
    internal static IReadOnlyList<NativeLibraryInfo> All { get; } =
    [
        ImageDecoder,
        JpegDecoder,
        OnnxRuntime,
        .. OperatingSystem.IsMacOS()
            ? (IEnumerable<NativeLibraryInfo>)[]
            :
            [
                new(FileName("onnxruntime_providers_shared"), "lets ONNX Runtime load a GPU provider", IsRequired: false)
                {
                    Package = GpuPackage,
                },
                new(FileName("onnxruntime_providers_cuda"), "runs models on CUDA", IsRequired: false)
                {
                    Package = GpuPackage,
                    IsPlugin = true,
                },
                new(FileName("onnxruntime_providers_tensorrt"), "runs models on TensorRT", IsRequired: false)
                {
                    Package = GpuPackage,
                    IsPlugin = true,
                },
            ],
    ];

    /// <summary>
    /// Looks at every library, those included that the GPU providers need. Throws nothing: what is missing is an entry that says so.
    /// </summary>
    public static IReadOnlyList<NativeLibraryStatus> Examine() => [.. All.Select(Examine), .. NeededByPlugins().Select(Examine)];

    /// <summary>Loads a library, once; a failure is tried again with the next call.</summary>
    /// <returns>The library's handle.</returns>
    /// <exception cref="EnvironmentException">It is missing or cannot be used.</exception>
    internal static IntPtr Require(NativeLibraryInfo library) => Loaded.TryGetValue(library.File, out var handle)
        ? handle
        : Loaded[library.File] = Load(library);

    /// <summary>Looks at one library.</summary>
    internal static NativeLibraryStatus Examine(NativeLibraryInfo library)
    {
        try
        {
            if (library.IsPlugin)
            {
                var file = NativeFiles.Find(library.File) ?? throw EnvironmentFault.Missing(library.File, library, null);
                return NativeFiles.FindMissing(file) is { Count: > 0 } missing
                    ? Failed(library, file, EnvironmentFault.MissingNeeds(library, missing, null))
                    : new NativeLibraryStatus(
                        library.File, library.Purpose, library.IsRequired, Found: true, file, Version: null, Code: null, Problem: null);
            }

            var handle = Load(library);
            var path = library.IsBundled ? NativeFiles.Find(library.File) : NativeFiles.FindLoaded(library.File);
            return new NativeLibraryStatus(
                library.File,
                library.Purpose,
                library.IsRequired,
                Found: true,
                path,
                library.ReadVersion?.Invoke(handle) ?? VersionInName(library.File, path),
                Code: null,
                Problem: null);
        }
        catch (Exception exception)
        {
            var fault = EnvironmentFault.From(exception)
                ?? new EnvironmentException(
                    EnvironmentErrorCodes.LibraryUnusable, library.File, EnvironmentFault.OneLine(exception.Message), exception);
            return Failed(library, NativeFiles.Find(library.File), fault);
        }
    }

    private static NativeLibraryStatus Failed(NativeLibraryInfo library, string? path, EnvironmentException fault) =>
        new(library.File, library.Purpose, library.IsRequired, Found: false, path, Version: null, fault.Code, fault.Message);

    private static IntPtr Load(NativeLibraryInfo library)
    {
        IntPtr handle;
        try
        {
            handle = library.Caller is { } caller
                ? NativeLibrary.Load(library.ImportName, caller(), searchPath: null)
                : NativeLibrary.Load(library.File);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            // A folder that was not there when the process began is not among those that the runtime looks in.
            var path = library.IsBundled ? NativeFiles.Find(library.File) : null;
            if (path is null || !NativeLibrary.TryLoad(path, out handle))
            {
                throw EnvironmentFault.Of(library, path, exception);
            }
        }

        foreach (var name in library.EntryPoints.Where(name => !NativeLibrary.TryGetExport(handle, name, out _)))
        {
            throw EnvironmentFault.Unusable(
                library.File, library, $"it has no function '{name}': it is another library of that name, or too old", null);
        }

        return handle;
    }

    /// <summary>NVIDIA's libraries that the installed GPU providers name, and the one that CUDA's loads when a convolution runs.</summary>
    private static IEnumerable<NativeLibraryInfo> NeededByPlugins()
    {
        if (!OperatingSystem.IsLinux())
        {
            yield break;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var plugin in All.Where(library => library.IsPlugin))
        {
            IReadOnlyList<string> needed = NativeFiles.Find(plugin.File) is { } path ? SharedObject.ReadNeeded(path) : [];
            foreach (var file in needed.Where(SystemPackages.IsNvidia).Append(CudaConvolutions).Where(seen.Add))
            {
                yield return new NativeLibraryInfo(file, $"serves {plugin.File}", IsRequired: false);
            }
        }
    }

    /// <summary>Loaded by the CUDA provider itself when a convolution runs, so that its file's header does not name it.</summary>
    internal const string CudaConvolutions = "libcudnn.so.9";

    private static string? VersionInName(string file, string? path)
    {
        // libcudart.so.13 is a link to libcudart.so.13.0.96.
        var so = file.IndexOf(".so.", StringComparison.Ordinal);
        var name = Path.GetFileName(path);
        return so >= 0 && name is not null && name.Length > file.Length ? name[(so + ".so.".Length)..] : null;
    }

    private static string FileName(string name) =>
        OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";
}
