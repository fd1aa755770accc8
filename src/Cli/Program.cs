using Nanodet.Serverless.Cli;
using Nanodet.Serverless.Cli.Commands;

return await NanodetCommand.RunAsync(
    args,
    [
        ExportCommand.Create(),
        InspectCommand.Create(),
        DetectCommand.Create(),
        DoctorCommand.Create(),
        DemoModelCommand.Create(),
    ]);
