using System.Text.RegularExpressions;

namespace Nanodet.Detection.Natives;

/// <summary>Which command installs a shared library of the system.</summary>
internal static partial class SystemPackages
{
    /// <summary>
    /// Debian's packages by the library's name. Fedora's and Alpine's package managers take the library's own name; Debian's does not.
    /// </summary>
    private static readonly Dictionary<string, string> Debian = new(StringComparer.Ordinal)
    {
        ["libturbojpeg.so.0"] = "libturbojpeg0",
        ["libvips.so.42"] = "libvips42",
        ["libstdc++.so.6"] = "libstdc++6",
        ["libgcc_s.so.1"] = "libgcc-s1",
        ["libgomp.so.1"] = "libgomp1",
        ["libz.so.1"] = "zlib1g",
        ["libgtk-3.so.0"] = "libgtk-3-0",
        ["libgdk-3.so.0"] = "libgtk-3-0",
        ["libcairo.so.2"] = "libcairo2",
        ["libgdk_pixbuf-2.0.so.0"] = "libgdk-pixbuf-2.0-0",
        ["libglib-2.0.so.0"] = "libglib2.0-0",
        ["libgobject-2.0.so.0"] = "libglib2.0-0",
        ["libgio-2.0.so.0"] = "libglib2.0-0",
        ["libgthread-2.0.so.0"] = "libglib2.0-0",
        ["libX11.so.6"] = "libx11-6",
        ["libpango-1.0.so.0"] = "libpango-1.0-0",
        ["libatk-1.0.so.0"] = "libatk1.0-0",
    };

    /// <summary>Sentences that say how to install libraries on Debian, Fedora and Alpine; null where no command is known.</summary>
    /// <param name="libraries">Names such as <c>libstdc++.so.6</c>.</param>
    internal static string? FindCommands(params IReadOnlyCollection<string> libraries)
    {
        var system = libraries.Where(library => !IsNvidia(library)).ToArray();
        if (!system.All(library => SharedObjectName().IsMatch(library)))
        {
            return null;
        }

        string?[] sentences = [FindSystem(system), .. FindNvidia([.. libraries.Where(IsNvidia)])];
        var known = sentences.OfType<string>().ToArray();
        return known.Length == 0 ? null : string.Join(' ', known);
    }

    private static string? FindSystem(string[] libraries)
    {
        if (libraries.Length == 0)
        {
            return null;
        }

        var debian = libraries.Select(library => Debian.GetValueOrDefault(library)).OfType<string>().Distinct().ToArray();
        var known = debian.Length > 0 ? $"apt-get install {string.Join(' ', debian)}" : $"apt-file search {libraries[0]}";
        return $"Debian: {known}; Fedora: dnf install {string.Join(' ', libraries.Select(library => $"'{library}()(64bit)'"))}; "
            + $"Alpine: apk add {string.Join(' ', libraries.Select(library => $"so:{library}"))}.";
    }

    /// <summary>NVIDIA's own repository has them for Debian and Fedora; there is no build for Alpine.</summary>
    private static IEnumerable<string?> FindNvidia(string[] libraries)
    {
        var packages = string.Join(' ', libraries.Select(FindNvidiaPackage).OfType<string>().Distinct());
        yield return packages.Length == 0
            ? null
            : $"From NVIDIA's repository, Debian: apt-get install {packages}; Fedora: dnf install {packages}.";
        yield return libraries.Any(library => FindNvidiaPackage(library) is null) ? "Install NVIDIA's driver." : null;
    }

    /// <summary>The package for CUDA 13; null for a library of the driver.</summary>
    private static string? FindNvidiaPackage(string library) =>
        library.StartsWith("libcuda.so", StringComparison.Ordinal) || library.StartsWith("libnvidia-ml.so", StringComparison.Ordinal) ? null
        : library.StartsWith("libnvinfer", StringComparison.Ordinal)
            || library.StartsWith("libnvonnxparser", StringComparison.Ordinal) ? "tensorrt-libs"
        : library.StartsWith("libcudnn", StringComparison.Ordinal) ? "libcudnn9-cuda-13"
        : "cuda-libraries-13-0";

    internal static bool IsNvidia(string library) => NvidiaName().IsMatch(library);

    [GeneratedRegex(@"^lib[^/\s]+\.so(\.\d+)+$", RegexOptions.CultureInvariant)]
    private static partial Regex SharedObjectName();

    [GeneratedRegex(
        @"^lib(cuda|cudart|cublas|cublasLt|cudnn\w*|cufft|curand|nvrtc|nvJitLink|nvinfer\w*|nvonnxparser|nvidia-ml)\.so",
        RegexOptions.CultureInvariant)]
    private static partial Regex NvidiaName();
}
