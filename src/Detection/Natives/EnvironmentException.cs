namespace Nanodet.Detection.Natives;

/// <summary>
/// The machine or the program lacks something that the work needs: a native library, or memory. No image and no model is to blame, and the
/// same work succeeds once that is there.
/// </summary>
/// <param name="code">One of <see cref="EnvironmentErrorCodes"/>.</param>
/// <param name="library">
/// File name of the library that is missing or unusable, such as <c>libstdc++.so.6</c>; null when it is not about one.
/// </param>
/// <param name="message">What is missing, where it was looked for, and what mends it; one line.</param>
/// <param name="innerException">The underlying complaint, if there is one.</param>
public sealed class EnvironmentException(string code, string? library, string message, Exception? innerException = null)
    : NanodetException(code, message, innerException)
{
    /// <summary>File name of the library that is missing or unusable; null when it is not about one.</summary>
    public string? Library { get; } = library;
}
