using Nanodet.Detection;

namespace Nanodet.Serverless.Cli.Output;

/// <summary>A failure of a command itself.</summary>
/// <param name="code">A stable code for programs.</param>
/// <param name="message">What was expected, what was found and where.</param>
internal sealed class CliException(string code, string message) : NanodetException(code, message);
