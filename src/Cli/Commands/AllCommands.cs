using System.CommandLine;
using Nanodet.Serverless.Cli.Costs;
using Nanodet.Serverless.Cli.GpuChecks;
using Nanodet.Serverless.Cli.Viewing;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>Every command of the program, in the order of its help.</summary>
internal static class AllCommands
{
    /// <summary>Creates them.</summary>
    public static IReadOnlyList<Command> Create() =>
    [
        ExportCommand.Create(),
        InspectCommand.Create(),
        DetectCommand.Create(),
        EvalCommand.Create(),
        BenchCommand.Create(),
        DoctorCommand.Create(),
        GpuCheckCommand.Create(),
        UpCommand.Create(),
        DownCommand.Create(),
        SubmitCommand.Create(),
        WatchCommand.Create(),
        JobCommands.CreateList(),
        JobCommands.CreateShow(),
        JobCommands.CreateCancel(),
        JobCommands.CreateRetry(),
        JobCommands.CreateFailures(),
        JobCommands.CreateResults(),
        ModelCommands.CreatePublish(),
        ModelCommands.CreateList(),
        ModelCommands.CreateRollback(),
        ViewCommand.Create(),
        CostCommand.Create(),
        DemoModelCommand.Create(),
        CompletionCommand.Create(),
    ];
}
