namespace Nanodet.Detection.Natives;

/// <summary>What was found of a native library.</summary>
/// <param name="File">Its file name.</param>
/// <param name="Purpose">What it is for.</param>
/// <param name="Required">False for one that work goes on without.</param>
/// <param name="Found">Whether it is there and can be used.</param>
/// <param name="Path">The file that is used; null when there is none or the system does not say.</param>
/// <param name="Version">Its version; null when it does not say.</param>
/// <param name="Code">Why it cannot be used: one of <see cref="EnvironmentErrorCodes"/>; null when it can.</param>
/// <param name="Problem">The same in words, with what mends it; null when it can be used.</param>
public sealed record NativeLibraryStatus(
    string File, string Purpose, bool Required, bool Found, string? Path, string? Version, string? Code, string? Problem);
