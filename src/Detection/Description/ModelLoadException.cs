namespace Nanodet.Detection.Description;

/// <summary>A model cannot be loaded, or cannot detect. Another try with the same file gives the same.</summary>
/// <param name="code">One of <see cref="ModelErrorCodes"/>.</param>
/// <param name="message">What was expected, what was found, and where.</param>
/// <param name="innerException">The underlying complaint, if there is one.</param>
public sealed class ModelLoadException(string code, string message, Exception? innerException = null)
    : NanodetException(code, message, innerException)
{
    internal static ModelLoadException Contract(string message) => new(ModelErrorCodes.ContractViolated, message);
}
