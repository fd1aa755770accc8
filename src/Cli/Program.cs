using Nanodet.Serverless.Cli;
using Nanodet.Serverless.Cli.Commands;
using Nanodet.Serverless.Cli.Costs;
using Nanodet.Serverless.Cli.GpuChecks;

return await NanodetCommand.RunAsync(
    args,
    [
        ExportCommand.Create(),
        InspectCommand.Create(),
        DetectCommand.Create(),
        EvalCommand.Create(),
        BenchCommand.Create(),
        DoctorCommand.Create(),
        GpuCheckCommand.Create(),
        UpCommand.Create(),
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
        CostCommand.Create(),
        DemoModelCommand.Create(),
    ]);
