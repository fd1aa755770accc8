using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Nanodet.Detection.Natives;

/// <summary>A native library that the product uses; <see cref="NativeLibraries"/> lists all of them.</summary>
/// <param name="File">Its file name on this platform, such as <c>libonnxruntime.so</c>.</param>
/// <param name="Purpose">What it is for.</param>
/// <param name="IsRequired">False for one that work goes on without.</param>
internal sealed record NativeLibraryInfo(string File, string Purpose, bool IsRequired)
{
    /// <summary>
    /// The NuGet package that brings it, in words: the library comes with the app. Null for a library of the system.
    /// </summary>
    internal string? Package { get; init; }

    /// <summary>True when it comes with the app; false when it is the system's.</summary>
    [MemberNotNullWhen(true, nameof(Package))]
    internal bool IsBundled => Package is not null;

    /// <summary>True when it cannot be loaded by itself: its file and the libraries that it names are looked at.</summary>
    internal bool IsPlugin { get; init; }

    /// <summary>The managed assembly that calls it, whose search is the one that counts; null for the loader's own search.</summary>
    internal Func<Assembly>? Caller { get; init; }

    /// <summary>The name by which <see cref="Caller"/> asks for it.</summary>
    internal string ImportName { get; init; } = File;

    /// <summary>Functions that it has to have: one without them is another library, or too old.</summary>
    internal IReadOnlyList<string> EntryPoints { get; init; } = [];

    /// <summary>Asks the loaded library for its version.</summary>
    internal Func<IntPtr, string?>? ReadVersion { get; init; }
}
