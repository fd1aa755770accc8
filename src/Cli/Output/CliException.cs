namespace Nanodet.Serverless.Cli.Output;

/// <summary>A failure of a command itself.</summary>
/// <param name="code">A stable code for programs.</param>
/// <param name="message">What was expected, what was found and where.</param>
internal sealed class CliException(string code, string message) : Exception(message)
{
    /// <summary>A stable code for programs.</summary>
    public string Code { get; } = code;
}
