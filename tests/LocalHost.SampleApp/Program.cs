using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Nanodet.Serverless.LocalHost.SampleApp;

// The app that the tests of the local host run. Every queue and container has %Prefix% in its name, so that hosts can share storage.
Announcement.FailIfAsked();
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
UnknownBinding.AddIfAsked(builder.Services);
builder.Services.AddHostedService<Announcement>();
builder.Build().Run();
