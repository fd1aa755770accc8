namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What stands in the way.</summary>
/// <param name="Code">A stable code for programs.</param>
/// <param name="Message">What was expected, what was found, and what mends it.</param>
internal sealed record DoctorProblem(string Code, string Message);
