using Nanodet.Serverless.Cli;
using Nanodet.Serverless.Cli.Commands;

return await NanodetCommand.RunAsync(args, AllCommands.Create());
