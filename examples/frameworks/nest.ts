// Notes by topic on NestJS: `npx tsx --tsconfig tsconfig.legacy.json examples/frameworks/nest.ts`, and PORT says where
// it listens.
import { Body, Controller, Get, HttpCode, Module, Param, Post, UseInterceptors } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { conditional, SessionsModule } from 'versioned-lru-cache/nest'
import { addNote, listNotes } from './notes.ts'

@Controller('notes/:topic')
class NotesController {
  @Get()
  @UseInterceptors(conditional(({ params }) => listNotes.dependency(params.topic)))
  list(@Param('topic') topic: string) {
    return listNotes(topic)
  }

  @Post()
  @HttpCode(204)
  add(@Param('topic') topic: string, @Body() text: string): void {
    addNote(topic, text)
  }
}

@Module({ imports: [SessionsModule], controllers: [NotesController] })
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule)
app.useBodyParser('text')
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1')
console.log(`${await app.getUrl()}/notes/garden`)
